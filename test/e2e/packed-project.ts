import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = new URL('../..', import.meta.url).pathname

/** A project outside of this repository that has the package as a registry would give it. */
export interface PackedProject {
  readonly folder: string
  /** Installs packages with npm: the packed one, and those that are named. */
  install(...names: string[]): void
  /** Runs a module in Node, and returns what it prints. */
  run(code: string): string
  remove(): void
}

const npm = (cwd: string, ...args: string[]) =>
  execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

/** Builds and packs this repository, and makes an empty project for it. */
export function packedProject(): PackedProject {
  const folder = mkdtempSync(join(tmpdir(), 'pinia-push-packed-'))
  execFileSync('npx', ['--no-install', 'tsdown', '--logLevel', 'error', '--out-dir', join(root, 'dist')], { cwd: root })
  const [packed] = JSON.parse(npm(root, 'pack', '--json', '--pack-destination', folder)) as [{ filename: string }]
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }')
  return {
    folder,
    install: (...names) =>
      void npm(folder, 'install', '--no-audit', '--no-fund', '--prefer-offline', `./${packed.filename}`, ...names),
    run: (code) =>
      execFileSync(process.execPath, ['--input-type=module', '--eval', code], { cwd: folder, encoding: 'utf8' }).trim(),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
