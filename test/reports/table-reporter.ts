import type { Reporter, TestModule } from 'vitest/node'
import { keptTable, type Kept } from './kept.ts'
import { RESULTS, isShown } from './results-page.ts'

/** Prints the table of kept promises. A full run fails if the documentation has another table. */
export function tableReporter({ full }: { full: boolean }): Reporter {
  return {
    onTestRunEnd(modules, _errors, reason) {
      const shown = shownBy(modules)
      if (shown.length === 0) return
      const table = keptTable(shown)
      console.log(`\n${table}\n`)
      if (!full || reason !== 'passed' || isShown(table)) return
      process.exitCode = 1
      console.error(`${RESULTS} has another table than this run. Run \`npm run table\`, then commit it.`)
    },
  }
}

/** Returns the kept promises of each place, in an order that does not depend on which file ended first. */
function shownBy(modules: readonly TestModule[]): readonly Kept[] {
  const places = new Map<string, Kept>()
  const inOrder = modules.toSorted((a, b) => (a.relativeModuleId < b.relativeModuleId ? -1 : 1))
  for (const test of inOrder.flatMap((module) => [...module.children.allTests()])) {
    const { place } = test.meta()
    const result = test.result()
    // A skipped test does not count.
    if (!place || result.state === 'skipped') continue
    const key = Object.values(place).join()
    const { kept, of } = places.get(key) ?? { kept: 0, of: 0 }
    places.set(key, { ...place, kept: kept + Number(result.state === 'passed'), of: of + 1 })
  }
  return [...places.values()]
}
