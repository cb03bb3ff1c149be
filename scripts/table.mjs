// Writes the table of the last full `npm test` into the page of the test results.
import { runnerImport } from 'vite'

const { module } = await runnerImport('/test/reports/results-page.ts', { configFile: false, logLevel: 'error' })
module.renewResults()
