// Writes the table of what the last full `npm test` showed into README.md.
import { runnerImport } from 'vite'

const { module } = await runnerImport('/test/reports/readme.ts', { configFile: false, logLevel: 'error' })
module.renewReadme()
