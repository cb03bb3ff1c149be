import ts from 'typescript'
import { build } from 'vite'
import { expect, test } from 'vitest'

const src = new URL('../src/', import.meta.url).pathname

/** The texts that production needs. */
const SHOWN = [
  // The event `open` has the reason for the choice of a technique.
  'it is the best technique',
  'it worked before',
  'it works again',
  /^ disconnected $/,
  /^ times within $/,
  // The hub responds with them, and the client shares its reader of frames.
  'A frame begins with a JSON array of heads.',
  'The lengths of the heads are not those of the bodies.',
  'The head of a frame is a JSON object.',
  'The `length` of a head is a whole number, and at most that of the bodies.',
  // Socket.IO rejects a namespace that does not exist with it.
  'Invalid namespace',
  // The first line of a rejection is for the user: it is the reason that the server gave.
  'Request to "',
  '" failed with status ',
]

/** Returns every export of a file as a page in production loads it, minified and without its peers. */
async function bundled(file: string): Promise<string> {
  const built = await build({
    configFile: false,
    define: { 'process.env.NODE_ENV': '"production"' },
    build: {
      write: false,
      lib: { entry: `${src}${file}`, formats: ['es'] },
      rollupOptions: { external: ['rxjs', 'vue', 'pinia', '@vue/devtools-api', '@ruffle-rs/ruffle'] },
    },
    logLevel: 'error',
  })
  const [first] = Array.isArray(built) ? built : [built]
  if (!first || !('output' in first)) throw new Error('one build was asked for')
  return first.output.map((part) => (part.type === 'chunk' ? part.code : '')).join('\n')
}

/** Returns the texts of a script that are words for a person: two or more, in small letters. */
function proseOf(script: string): string[] {
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node))
      if (/[a-z] [a-z]/i.test(node.text)) found.push(node.text)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile('bundle.js', script, ts.ScriptTarget.Latest, true))
  return found
}

const isShown = (text: string): boolean =>
  SHOWN.some((shown) => (typeof shown === 'string' ? shown === text : shown.test(text)))

test('a production bundle has no texts that only development shows', async () => {
  const texts = proseOf(await bundled('index.ts'))
  expect(texts.filter((text) => !isShown(text))).toEqual([])
})
