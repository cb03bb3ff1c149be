import type { Reporter } from 'vitest/node'

/** Fails a run that selected no test, instead of letting it pass. */
export function nothingRan(): Reporter {
  return {
    onTestRunEnd(modules) {
      const tests = modules.flatMap((module) => [...module.children.allTests()])
      if (tests.some((test) => test.result().state !== 'skipped')) return
      process.exitCode = 1
      console.error(
        '\nNo test ran: no test has these names. See test/conformance/rows.ts and limits.ts for valid names.',
      )
    },
  }
}
