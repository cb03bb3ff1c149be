import type { Reporter, TestModule, TestRunEndReason } from 'vitest/node'
import { keptTable, type Shown } from './kept.ts'
import { isInReadme } from './readme.ts'

/** After a full run that passed: the README's table says what the run showed, or the run fails. */
export function tableReporter(): Reporter {
  return {
    onTestRunEnd(modules, _errors, reason: TestRunEndReason) {
      if (reason !== 'passed' || isInReadme(keptTable(shownBy(modules)))) return
      process.exitCode = 1
      console.error('\nREADME.md does not say what this run showed: `npm run table` writes it, then commit it.')
    },
  }
}

/** What each place kept, in an order that does not depend on which file was done first. */
function shownBy(modules: readonly TestModule[]): Shown {
  const places = new Map<string, Shown[number]>()
  const inOrder = modules.toSorted((a, b) => (a.relativeModuleId < b.relativeModuleId ? -1 : 1))
  for (const test of inOrder.flatMap((module) => [...module.children.allTests()])) {
    const { place } = test.meta()
    if (!place) continue
    const key = Object.values(place).join()
    const { kept, of } = places.get(key) ?? { kept: 0, of: 0 }
    places.set(key, { ...place, kept: kept + Number(test.result().state === 'passed'), of: of + 1 })
  }
  return [...places.values()]
}
