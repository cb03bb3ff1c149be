/** Imports go down only, without circles. */
const onlyDown = (name, path, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path },
  to: { path: '^(src|playground|test|bench)/', pathNot: allowed },
})

const TECHNIQUE = '(polling|long-polling|sse|fetch-stream|xhr-stream|iframe-stream|web-socket)\\.ts$'

const FLASH_SOCKET = '^src/observables/techniques/flash-socket/'

/** The files of which each is an entry of the package. */
const DOORS = '^src/(index|observables/(index|kit)|testing/index|hub/index|vite/index)\\.ts$'

/** What a room of the observables imports, of other rooms: values and types of some, and nothing but types of others. */
const room = (name, values, types = []) => {
  const from = { path: `^src/observables/${name}/`, pathNot: FLASH_SOCKET }
  const within = (rooms) =>
    `^src/observables/((${[name, ...rooms].join('|')})/|(errors|events|status)\\.ts$)|^src/wire/`
  const to = (allowed) => ({ path: '^src/', pathNot: within(allowed) })
  return [
    { name, severity: 'error', from, to: to([...values, ...types]) },
    {
      name: `${name}-types`,
      comment: 'only types come from here',
      severity: 'error',
      from,
      to: { ...to(values), dependencyTypesNot: ['type-only'] },
    },
  ]
}

module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    onlyDown('observables', '^src/observables/', '^src/(observables|wire)/', 'observables know nothing above them'),
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
    onlyDown('hub', '^src/hub/', '^src/(hub|wire)/', 'the hub shares only the protocol with clients'),
    onlyDown('vite', '^src/vite/', '^src/(hub|vite)/', 'the Vite plugin is the hub, mounted'),
    {
      name: 'observables-are-rxjs-only',
      comment: 'usable in a page, a worker and Node, without Vue',
      severity: 'error',
      from: { path: '^src/observables/' },
      to: { path: 'node_modules', pathNot: 'node_modules/(rxjs|@standard-schema/spec)/' },
    },
    {
      name: 'observables-know-no-host',
      severity: 'error',
      from: { path: '^src/(observables|composables|plugin|devtools|testing)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'techniques-know-no-sibling',
      comment: 'what two techniques share is a function beside them that is none',
      severity: 'error',
      from: { path: `^src/observables/techniques/${TECHNIQUE}` },
      to: { path: `^src/observables/techniques/${TECHNIQUE}` },
    },
    {
      name: 'flash-socket-is-an-entry-of-its-own',
      comment: 'nobody who does not import it loads any of it',
      severity: 'error',
      from: { path: '^src/', pathNot: FLASH_SOCKET },
      to: { path: FLASH_SOCKET },
    },
    {
      name: 'flash-socket-uses-the-kit-alone',
      comment: 'as a technique outside of this repository does, which proves that the kit has what that needs',
      severity: 'error',
      from: { path: FLASH_SOCKET },
      to: { path: '^src/', pathNot: `${FLASH_SOCKET}|^src/observables/kit\\.ts$` },
    },
    {
      name: 'a-toy-uses-the-kit-alone',
      comment: 'the techniques and backends of test/kit are written as outside of this repository',
      severity: 'error',
      from: { path: '^test/kit/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(src|test)/', pathNot: '^src/observables/kit\\.ts$' },
    },
    {
      name: 'observables-do-not-go-through-doors',
      comment: 'a door gathers files; a file that imported it would go round in a circle',
      severity: 'error',
      from: { path: '^src/observables/', pathNot: FLASH_SOCKET },
      to: { path: '^src/observables/(index|kit)\\.ts$' },
    },
    {
      name: 'entries-only-from-outside',
      comment: 'a test, a page of the playground or a recipe imports what users do',
      severity: 'error',
      from: { path: '^(test/recipes|test/e2e/[^/]+|playground)/' },
      to: { path: '^src/', pathNot: `${DOORS}|${FLASH_SOCKET}flash-socket\\.ts$` },
    },
    ...room('internal', []),
    ...room('parsers', ['internal'], ['backends']),
    ...room('http', ['internal', 'backends']),
    ...room('session', ['internal', 'connection'], ['backends']),
    ...room('backends', ['internal', 'parsers', 'http', 'connection', 'session']),
    ...room('connection', ['internal'], ['techniques']),
    ...room('techniques', ['internal', 'parsers', 'http', 'backends'], ['connection']),
    ...room('lifecycle', ['internal', 'connection'], ['techniques']),
    ...room('fallback', ['internal', 'connection', 'lifecycle', 'http'], ['techniques']),
    ...room('channel', ['internal', 'parsers', 'connection'], ['techniques']),
    ...room(
      'client',
      ['internal', 'parsers', 'http', 'connection', 'channel', 'session'],
      ['techniques', 'backends', 'lifecycle'],
    ),
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
}
