import type { Browser, CDPSession } from 'playwright'

/** A tab as a person has it: it can be behind another. Playwright's own pages are always seen and never frozen. */
export interface Tab {
  send(method: string, params?: object): Promise<Record<string, unknown>>
  /** What an expression is in the page. */
  evaluate(expression: string): Promise<unknown>
  /** Brings it before the other tabs. */
  activate(): Promise<void>
  close(): Promise<void>
}

/** Opens a tab, before all others. */
export async function openTab(browser: Browser, url: string): Promise<Tab> {
  const cdp: CDPSession = await browser.newBrowserCDPSession()
  const { targetId } = await cdp.send('Target.createTarget', { url })
  const { sessionId } = await cdp.send('Target.attachToTarget', { targetId })
  const answers = new Map<number, (answer: Answer) => void>()
  cdp.on('Target.receivedMessageFromTarget', ({ message }) => {
    const answer = JSON.parse(message) as Answer
    answers.get(answer.id)?.(answer)
  })
  let id = 0
  const send: Tab['send'] = async (method, params = {}) => {
    const message = { id: (id += 1), method, params }
    const answered = new Promise<Answer>((resolve) => answers.set(message.id, resolve))
    await cdp.send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify(message) })
    const { result, error } = await answered
    if (!result) throw new Error(`${method}: ${error?.message}`)
    return result
  }
  return {
    send,
    async evaluate(expression) {
      const { result } = await send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true })
      return (result as { value: unknown }).value
    },
    async activate() {
      await cdp.send('Target.activateTarget', { targetId })
    },
    async close() {
      await cdp.send('Target.closeTarget', { targetId })
    },
  }
}

interface Answer {
  id: number
  result?: Record<string, unknown>
  error?: { message: string }
}
