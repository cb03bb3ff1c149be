import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { chromium, type Page } from 'playwright'
import { expect, onTestFinished, test } from 'vitest'
import { CHROMIUM } from './chromium.ts'
import { packedProject } from './packed-project.ts'
import { launch } from './launch.ts'

const root = new URL('../..', import.meta.url).pathname

/** The files of a page: code blocks that begin with their own name. */
function filesOf(page: string): [path: string, code: string][] {
  const text = readFileSync(join(root, page), 'utf8')
  return [...text.matchAll(/```(?:ts|vue)\n((?:\/\/|<!--) (\S+)[\s\S]*?)```/g)].map(([, code = '', path = '']) => [
    path,
    code,
  ])
}

/** Writes the files of an application whose page is `src/main.ts`. */
function writeFiles(project: string, files: readonly [path: string, code: string][]): void {
  for (const [path, code] of files) {
    mkdirSync(dirname(join(project, path)), { recursive: true })
    writeFileSync(join(project, path), code)
  }
  writeFileSync(join(project, 'index.html'), '<div id="app"></div><script type="module" src="/src/main.ts"></script>')
}

/** An endpoint of Server-Sent Events on Vite's dev server, whose message is `price`. */
const EVENTS = `
import vue from '@vitejs/plugin-vue'
export default {
  plugins: [vue(), { name: 'events', configureServer: ({ middlewares }) => void middlewares.use('/events', (_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.write('data: {"symbol":"ACME","price":12.5}\\n\\n')
  }) }],
}`

/** Serves a project with Vite. */
async function serve(project: string): Promise<string> {
  const vite = spawn(process.execPath, ['node_modules/vite/bin/vite.js', '--port', '0', '--host', '127.0.0.1'], {
    cwd: project,
    stdio: ['ignore', 'pipe', 'inherit'],
    // Colour codes would split the URL.
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
  })
  onTestFinished(() => void vite.kill())
  let output = ''
  for (;;) {
    const [chunk] = (await once(vite.stdout, 'data')) as [Buffer]
    output += chunk.toString()
    const address = /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0]
    if (address) return address
  }
}

async function open(address: string): Promise<Page> {
  const browser = await launch(chromium, CHROMIUM)
  onTestFinished(() => browser.close())
  const page = await browser.newPage()
  await page.goto(address)
  return page
}

test('the README’s page and store read an endpoint of Server-Sent Events', async () => {
  const { folder: project, install, remove } = packedProject()
  onTestFinished(remove)
  const files = filesOf('README.md')
  expect(files.map(([path]) => path)).toEqual(['src/main.ts', 'src/App.vue', 'src/stores/prices.ts'])
  writeFiles(project, [...files, ['vite.config.mjs', EVENTS]])
  install('rxjs@7', 'vue@3', 'pinia', 'vite@8', '@vitejs/plugin-vue')
  const page = await open(await serve(project))
  await page.locator('#status', { hasText: 'open' }).waitFor()
  await page.locator('#last', { hasText: 'ACME 12.5' }).waitFor()
  await page.addScriptTag({
    type: 'module',
    content: `import { watchEffect } from '/@id/vue'; import { usePrices } from '/src/stores/prices.ts'; const prices = usePrices(); watchEffect(() => { document.title = JSON.stringify(prices.bySymbol) })`,
  })
  await page.waitForFunction(() => document.title === '{"ACME":12.5}')
})

test('the quick start works in a new project with the packed package', async () => {
  const { folder: project, install, remove } = packedProject()
  onTestFinished(remove)

  const files = filesOf('docs/start/embedded-hub.md')
  expect(files.map(([path]) => path)).toEqual(['vite.config.ts', 'src/main.ts', 'src/stores/prices.ts', 'src/App.vue'])
  writeFiles(project, files)
  install('rxjs@7', 'vue@3', 'pinia', 'vite@8', '@vitejs/plugin-vue', 'ws@8')

  const address = await serve(project)
  const page = await open(address)
  await page.locator('#status', { hasText: 'open' }).waitFor()
  await fetch(`${address}/push/prices`, { method: 'POST', body: '{"symbol":"ACME","price":12.5}' })
  await page.locator('#last', { hasText: 'ACME 12.5' }).waitFor()
  await page.locator('li', { hasText: 'ACME: 12.5' }).waitFor()

  const hub = spawn('node_modules/.bin/pinia-push', ['hub', '--port', '0'], { cwd: project })
  onTestFinished(() => void hub.kill())
  const [said] = (await once(hub.stdout, 'data')) as [Buffer]
  expect(said.toString()).toMatch(/pinia-push hub on http:\/\/127\.0\.0\.1:\d+\/push\/<channel>/)
})
