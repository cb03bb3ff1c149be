// Writes the table of the last full `npm test` into README.md.
import { runnerImport } from 'vite'

const { module } = await runnerImport('/test/reports/readme.ts', { configFile: false, logLevel: 'error' })
module.renewReadme()
