import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = new URL('../..', import.meta.url).pathname
const run = (cwd: string, command: string, ...args: string[]) => execFileSync(command, args, { cwd, encoding: 'utf8' })

test(
  'every diff of CONTRIBUTING.md applies to this repository, and the result compiles',
  { timeout: 600_000 },
  ({ onTestFinished }) => {
    const diffs = [...readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8').matchAll(/```diff\n([\s\S]*?)```/g)]
    expect(diffs).toHaveLength(4)
    const copy = mkdtempSync(join(tmpdir(), 'pinia-push-contributing-'))
    onTestFinished(() => rmSync(copy, { recursive: true, force: true }))
    // Files that are not committed yet belong to it, too.
    const files = run(root, 'git', 'ls-files', '--cached', '--others', '--exclude-standard').trim().split('\n')
    for (const file of files) cpSync(join(root, file), join(copy, file), { recursive: true, force: true })
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
    run(copy, 'git', 'init', '--quiet')
    for (const [, diff = ''] of diffs) {
      writeFileSync(join(copy, 'change.diff'), diff)
      run(copy, 'git', 'apply', '--recount', 'change.diff')
    }
    run(copy, 'npx', '--no-install', 'vue-tsc', '--noEmit')
  },
)
