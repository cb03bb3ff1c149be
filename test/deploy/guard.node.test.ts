import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { createPushClient, defineChannel, nchan, sse } from 'pinia-push/observables'
import { eventually, readChannel } from '../conformance/fixtures.ts'
import { guards } from '../servers/guard.ts'
import { nchanPublisher } from '../servers/nchan-publisher.ts'
import { plain } from '../servers/nginx-config.ts'
import { startNginx } from '../servers/nginx.ts'
import { interpreter } from './interpreter.ts'

const run = promisify(execFile)
const deploy = new URL('../../deploy/', import.meta.url).pathname
const SECRET = 'one secret'

/** The lines of a language that deploy/README.md signs a token with. */
const signing = (language: string): string => {
  const readme = readFileSync(`${deploy}README.md`, 'utf8')
  const section = readme.slice(readme.indexOf('### Who may read'), readme.indexOf('## Publish from'))
  return new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(section)?.[1] ?? ''
}

describe('the guard', () => {
  test('keeps no channel empty, so that no worker crashes if a reader resumes after all messages expired', async () => {
    const nginx = await startNginx({
      guard: guards().start,
      changes: (port) => [plain(port), ['push/history.conf', 'nchan_message_timeout 1d;', 'nchan_message_timeout 1s;']],
    })
    const { publish, state } = nchanPublisher(() => `http://127.0.0.1:${nginx.publisherPort}/channels/`)
    const text = defineChannel({ url: `http://127.0.0.1:${nginx.port}/push/a`, decode: (raw) => raw })
    const clients = [1, 2].map(() => createPushClient({ technique: sse(), backend: nchan(), disconnectDelay: 0 }))
    const [first, second] = clients.map((client) => readChannel(client.channel(text())))
    if (!first || !second) throw new Error('two read')
    for (const reader of [first, second]) await reader.sees('open')
    await publish('a', { data: 'before' })
    for (const reader of [first, second]) await reader.gets('before')
    second.leave()
    await eventually(
      () => state('a'),
      ({ messages, subscribers }) => messages === 0 && subscribers === 1,
    )
    // It resumes from what is not there any more, while the first one reads.
    const again = readChannel(second.channel)
    await again.sees('open')
    await publish('a', { data: 'after' })
    for (const reader of [first, again]) await reader.gets('after')
    for (const client of clients) client.close()
    // Throws where a worker had died.
    await nginx.stop()
  })

  test('names the missing secret, and how to create one', async () => {
    const { PUSH_SECRET: _, ...env } = process.env
    const started = run(process.execPath, [`${deploy}guard.mjs`], { env })
    await expect(started).rejects.toThrow(/PUSH_SECRET is not set.*openssl rand -hex 32/)
  })

  test.each(['js', 'python'])(
    'accepts a token that a backend signs with the %s code of deploy/README.md',
    async (language) => {
      const env = { ...process.env, PUSH_SECRET: SECRET }
      const code = signing(language).replace('/etc/pinia-push/', deploy)
      const [command, ...args] = interpreter(language, language === 'js' ? `${code}\nconsole.log(token)` : code)
      const { stdout: token } = await run(command, args, { env })
      const judge = `import { authorize } from '${deploy}authorize.mjs'
      const query = new URLSearchParams({ token: process.argv[1] })
      const asked = (channel) => authorize({ action: 'subscribe', channel, query, headers: {} })
      console.log(JSON.stringify([asked('prices'), asked('others')]))`
      const { stdout: judged } = await run(process.execPath, ['--input-type=module', '-e', judge, token.trim()], {
        env,
      })
      expect(JSON.parse(judged)).toEqual([true, { status: 403, reason: 'not for this channel' }])
    },
  )
})
