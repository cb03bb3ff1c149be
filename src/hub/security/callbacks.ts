import { FAILED, type Refusal } from '../http/http-errors.ts'
import { ignoreRejection, type Report } from '../report.ts'

/** Calls a synchronous callback of the application. It logs an error of the callback or of `parse`. */
export function call<Result>(
  name: string,
  callback: () => unknown,
  parse: (returned: unknown) => Result,
  report: Report,
): Result | Refusal {
  try {
    const returned = callback()
    ignoreRejection(returned)
    return parse(returned)
  } catch (error) {
    report(`\`${name}\` failed`, error)
    return FAILED
  }
}

/**
 * Calls a callback of the application that may return a promise. It logs an error of the callback or of `parse`, or that
 * the promise is pending after `within` ms, once. The returned promise never rejects.
 *
 * @param options.refusalOf Returns the refusal that the callback threw on purpose. Undefined: it failed.
 */
export function callAsync<Result>(
  name: string,
  callback: () => unknown,
  parse: (returned: unknown) => Result,
  {
    within,
    report,
    refusalOf = () => undefined,
  }: { within: number; report: Report; refusalOf?: (error: unknown) => Refusal | undefined },
): Promise<Result | Refusal> {
  return new Promise((resolve) => {
    let settled = false
    const settle = (result: Result | Refusal) => {
      settled = true
      clearTimeout(timeout)
      resolve(result)
    }
    const fail = (error: unknown) => {
      if (settled) return
      const refusal = call(name, () => error, refusalOf, report)
      if (!refusal) report(`\`${name}\` failed`, error)
      settle(refusal ?? FAILED)
    }
    const timeout = setTimeout(() => fail(new Error(`No result within ${within} ms.`)), within)
    const decide = async () => parse(await callback())
    decide().then(settle, fail)
  })
}
