import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { beforeAll, describe, expect, test } from 'vitest'

/** What a user may get wrong: the code, the argument that is underlined, and the first line of what TypeScript says. */
const MISTAKES = {
  'an empty list to reduce into': [
    'usePushChannel(news(), { initial: [], reduce: (list, { data }) => [...list, data] })',
    'initial',
    /^Type 'never\[\]' is not assignable to .* hint: "Give the empty list a type: `initial: \[\] as Item\[\]`\."/,
  ],
  'the same with a URL': [
    "usePushChannel('/news', { initial: [], reduce: (list, { data }) => [...list, data] })",
    'initial',
    /^Type 'never\[\]' is not assignable to .* hint: "Give the empty list a type/,
  ],
  '`initial` without `reduce`': [
    'usePushChannel(news(), { initial: 0 })',
    '{ initial: 0 }',
    /^Argument of type '{ initial: number; }' is not assignable/,
  ],
  'a misspelt value of an option': [
    "usePushChannel(news(), { flush: 'never' })",
    'flush',
    /^Type '"never"' is not assignable to type 'Flush \| undefined'\.$/,
  ],
  'a technique beside a descriptor': [
    'usePushChannel(news(), { technique: sse() })',
    'technique',
    /^Type 'Technique' is not assignable to type 'undefined'/,
  ],
  'a definition that takes parameters, not called': [
    'usePushChannel(ticks)',
    'ticks',
    /^Argument of type 'ChannelDefinition<.*>' is not assignable to parameter of type 'MaybeRefOrGetter<ChannelDescriptor<.*>>'\.$/,
  ],
  'a definition that a client is given, not called': [
    'push.channel(news)',
    'news',
    /^Argument of type 'ChannelDefinition<.*>' is not assignable to parameter of type 'string \| AnyDescriptor'\.$/,
  ],
  'a definition that a store is bound to, not called': [
    'bindChannel(ticks, { apply() {} })',
    'ticks',
    /^Argument of type 'ChannelDefinition<.*>' is not assignable to parameter of type 'PushSource<.*> \| \(\(\) => PushSource<.*>\)'\.$/,
  ],
  'a store bound to a URL': [
    "bindChannel('/news', { apply() {} })",
    "'/news'",
    /^Argument of type '"\/news"' is not assignable to parameter of type 'PushSource<unknown, unknown> \| /,
  ],
  'a technique of a ladder, not called': [
    'fallback(sse, sse())',
    'sse',
    /^Argument of type '.*=> Technique' is not assignable to parameter of type 'Technique \| FallbackOptions'\.$/,
  ],
  'a message that the schema rejects': [
    "void push.channel(words()).send('pong')",
    "'pong'",
    /^Argument of type '"pong"' is not assignable to parameter of type '"ping" \| "stop"'\.$/,
  ],
} as const

const PRELUDE = `
import { createPush, defineChannel, fallback, sse, usePushChannel, type BindChannel } from 'pinia-push'
interface Tick { price: number }
const decode = (raw: string) => JSON.parse(raw) as Tick
const news = defineChannel({ url: '/news', decode })
const ticks = defineChannel({ url: (p: { symbol: string }) => '/ticks/' + p.symbol, decode })
const words = defineChannel({ url: '/words', encode: (word: 'ping' | 'stop') => word })
const push = createPush()
declare const bindChannel: BindChannel<{ price: number }>
export { bindChannel, fallback, news, push, sse, ticks, usePushChannel, words }
`.replaceAll('\n', ';')

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Compiles lines of code as a file of this project; what is wrong with each, by its number. */
function compile(lines: readonly string[]): Map<number, { underlined: string; says: string }[]> {
  const config = ts.getParsedCommandLineOfConfigFile(`${ROOT}tsconfig.json`, undefined, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic({ messageText }) {
      throw new Error(ts.flattenDiagnosticMessageText(messageText, '\n'))
    },
  })
  if (!config) throw new Error('tsconfig.json could not be read')
  const name = `${ROOT}test/types/mistakes.ts`
  const text = lines.join('\n')
  const host = ts.createCompilerHost(config.options)
  const read = host.getSourceFile
  host.getSourceFile = (file, target) => (file === name ? ts.createSourceFile(name, text, target) : read(file, target))
  const program = ts.createProgram([name], { ...config.options, noEmit: true }, host)
  const wrong = new Map<number, { underlined: string; says: string }[]>()
  for (const { file, start = 0, length = 0, messageText } of program.getSemanticDiagnostics(
    program.getSourceFile(name),
  )) {
    const line = file ? ts.getLineAndCharacterOfPosition(file, start).line : -1
    const [says = ''] = ts.flattenDiagnosticMessageText(messageText, '\n').split('\n')
    wrong.set(line, [...(wrong.get(line) ?? []), { underlined: text.slice(start, start + length), says }])
  }
  return wrong
}

describe('a mistake is one error of TypeScript, at the wrong argument, and its first line names the cause', () => {
  let wrong: ReturnType<typeof compile>
  beforeAll(() => {
    wrong = compile([PRELUDE, ...Object.values(MISTAKES).map(([code]) => code)])
  })

  test('and there is no other error', () => expect(wrong.get(0)).toBeUndefined())

  test.each(
    Object.entries(MISTAKES).map(([title, [, underlined, says]], index) => ({ title, underlined, says, index })),
  )('$title', ({ underlined, says, index }) => {
    expect(wrong.get(index + 1)).toEqual([{ underlined, says: expect.stringMatching(says) }])
  })
})
