import type { Reporter } from 'vitest/node'

/** A run that was asked for by names that nothing has fails, instead of passing without a test. */
export function nothingRan(): Reporter {
  return {
    onTestRunEnd(modules) {
      const tests = modules.flatMap((module) => [...module.children.allTests()])
      if (tests.some((test) => test.result().state !== 'skipped')) return
      process.exitCode = 1
      console.error(
        '\nNo test ran: nothing has these names. test/conformance/rows.ts and limits.ts name what there is.',
      )
    },
  }
}
