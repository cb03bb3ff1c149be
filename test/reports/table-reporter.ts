import type { Reporter, TestModule } from 'vitest/node'
import { keptTable, type Kept } from './kept.ts'
import { isInReadme } from './readme.ts'

/** Prints which promises were kept where. A full run that passed fails where the README's table does not say the same. */
export function tableReporter({ full }: { full: boolean }): Reporter {
  return {
    onTestRunEnd(modules, _errors, reason) {
      const shown = shownBy(modules)
      if (shown.length === 0) return
      const table = keptTable(shown)
      console.log(`\n${table}\n`)
      if (!full || reason !== 'passed' || isInReadme(table)) return
      process.exitCode = 1
      console.error('README.md does not say what this run showed: `npm run table` writes it, then commit it.')
    },
  }
}

/** What each place kept, in an order that does not depend on which file was done first. */
function shownBy(modules: readonly TestModule[]): readonly Kept[] {
  const places = new Map<string, Kept>()
  const inOrder = modules.toSorted((a, b) => (a.relativeModuleId < b.relativeModuleId ? -1 : 1))
  for (const test of inOrder.flatMap((module) => [...module.children.allTests()])) {
    const { place } = test.meta()
    const result = test.result()
    // What was not asked for is no promise that was broken.
    if (!place || result.state === 'skipped') continue
    const key = Object.values(place).join()
    const { kept, of } = places.get(key) ?? { kept: 0, of: 0 }
    places.set(key, { ...place, kept: kept + Number(result.state === 'passed'), of: of + 1 })
  }
  return [...places.values()]
}
