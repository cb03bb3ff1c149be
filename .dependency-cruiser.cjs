/** Imports go down only, without circles. */
const onlyDown = (name, path, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path },
  to: { path: '^(src|playground|test|bench)/', pathNot: allowed },
})

module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    onlyDown('observables', '^src/observables/', '^src/(observables/|protocol)', 'observables know nothing above them'),
    onlyDown('composables', '^src/composables/', '^src/(observables|composables)/', 'composables read channels'),
    onlyDown(
      'plugin',
      '^src/plugin/',
      '^src/(observables|composables|plugin)/|^src/devtools/index',
      'the plugin binds channels',
    ),
    onlyDown(
      'devtools',
      '^src/devtools/',
      '^src/(observables|composables|devtools)/',
      'developer tools watch channels, and nothing stands on them',
    ),
    {
      name: 'devtools-are-loaded-late',
      comment: 'so that no production bundle holds them',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/devtools/' },
      to: { path: '(^src/devtools/|node_modules/@vue/devtools)', dynamic: false },
    },
    onlyDown(
      'testing',
      '^src/testing/',
      '^src/(observables|plugin|testing)/',
      'the fault kit is built on what users have',
    ),
    onlyDown('hub', '^src/hub/', '^src/(hub/|protocol)', 'the hub shares only the protocol with clients'),
    onlyDown('vite', '^src/vite/', '^src/(hub|vite)/', 'the Vite plugin is the hub, mounted'),
    {
      name: 'observables-are-rxjs-only',
      comment: 'usable in a page, a worker and Node, without Vue',
      severity: 'error',
      from: { path: '^src/observables/' },
      to: { path: 'node_modules', pathNot: 'node_modules/(rxjs|eventsource-parser|@standard-schema/spec)/' },
    },
    {
      name: 'observables-know-no-host',
      severity: 'error',
      from: { path: '^src/(observables|composables|plugin|devtools|testing)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'techniques-know-no-sibling',
      comment: 'what two techniques share is a function below them',
      severity: 'error',
      from: { path: '^src/observables/techniques/', pathNot: '/index\\.ts$' },
      to: { path: '^src/observables/techniques/' },
    },
    {
      name: 'framing-is-pure',
      severity: 'error',
      from: { path: '^src/observables/framing/' },
      to: { path: '^src/observables/(techniques|operators|dialects/(plain|nchan))' },
    },
    {
      name: 'operators-know-no-technique',
      severity: 'error',
      from: { path: '^src/observables/operators/' },
      to: { path: '^src/observables/(techniques|framing)/' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
}
