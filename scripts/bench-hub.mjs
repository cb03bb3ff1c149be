// The hub of a measurement, in a process of its own.
process.env.NODE_ENV = 'production'
const { runnerImport } = await import('vite')

const { module } = await runnerImport('/bench/hub-process.ts', {
  configFile: 'bench/vite.config.ts',
  logLevel: 'error',
})
module.beHub()
