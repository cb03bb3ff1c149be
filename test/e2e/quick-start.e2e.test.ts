import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { chromium } from 'playwright'
import { expect, test } from 'vitest'
import { CHROMIUM } from './chromium.ts'
import { packedProject } from './packed-project.ts'
import { launch } from './launch.ts'

const root = new URL('../..', import.meta.url).pathname

/** The files of the README's quick start: code blocks that begin with their own name. */
function quickStart(): [path: string, code: string][] {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const begin = readme.indexOf('## Quick start')
  const section = readme.slice(begin, readme.indexOf('\n## ', begin))
  return [...section.matchAll(/```(?:ts|vue)\n((?:\/\/|<!--) (\S+)[\s\S]*?)```/g)].map(([, code = '', path = '']) => [
    path,
    code,
  ])
}

test('the quick start works in a new project with the packed package', async ({ onTestFinished }) => {
  const { folder: project, install, remove } = packedProject()
  onTestFinished(remove)

  const files = quickStart()
  expect(files.map(([path]) => path)).toEqual(['vite.config.ts', 'src/main.ts', 'src/stores/prices.ts', 'src/App.vue'])
  for (const [path, code] of files) {
    mkdirSync(dirname(join(project, path)), { recursive: true })
    writeFileSync(join(project, path), code)
  }
  writeFileSync(join(project, 'index.html'), '<div id="app"></div><script type="module" src="/src/main.ts"></script>')
  install('rxjs@7', 'vue@3', 'pinia', 'vite@8', '@vitejs/plugin-vue', 'ws@8')

  const vite = spawn(process.execPath, ['node_modules/vite/bin/vite.js', '--port', '0', '--host', '127.0.0.1'], {
    cwd: project,
    stdio: ['ignore', 'pipe', 'inherit'],
    // Colour codes would split the URL.
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
  })
  onTestFinished(() => void vite.kill())
  let output = ''
  let address: string | undefined
  while (!address) {
    const [chunk] = (await once(vite.stdout, 'data')) as [Buffer]
    output += chunk.toString()
    address = /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0]
  }

  const browser = await launch(chromium, CHROMIUM)
  onTestFinished(() => browser.close())
  const page = await browser.newPage()
  await page.goto(address)
  await page.locator('#status', { hasText: 'open' }).waitFor()
  await fetch(`${address}/push/prices`, { method: 'POST', body: '{"symbol":"ACME","price":12.5}' })
  await page.locator('#last', { hasText: 'ACME 12.5' }).waitFor()
  await page.locator('li', { hasText: 'ACME: 12.5' }).waitFor()

  const hub = spawn('node_modules/.bin/pinia-push', ['hub', '--port', '0'], { cwd: project })
  onTestFinished(() => void hub.kill())
  const [said] = (await once(hub.stdout, 'data')) as [Buffer]
  expect(said.toString()).toMatch(/pinia-push hub on http:\/\/127\.0\.0\.1:\d+\/push\/<channel>/)
})
