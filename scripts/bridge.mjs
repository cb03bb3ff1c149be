// Builds the SWF of Flash Socket from its Haxe source into a module: `npm run build:bridge`; `--check` only compares.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { needed } from './needed.mjs'

const FOLDER = 'src/observables/techniques/flash-socket'
const MODULE = `${FOLDER}/bridge-swf.ts`

function build() {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-'))
  // Its name goes into the file, so it is always the same.
  const swf = join(folder, 'bridge.swf')
  const args = `--class-path ${FOLDER} --main Bridge -swf ${swf} -swf-version 11 -swf-header 1:1:60:FFFFFF -dce full -D native-trace --no-traces`
  const { status } = spawnSync('haxe', args.split(' '), { stdio: 'inherit' })
  const bytes = status === 0 ? readFileSync(swf) : undefined
  rmSync(folder, { recursive: true })
  return bytes
}

needed('haxe')
const bytes = build()
if (!bytes) process.exit(1)
const module = `// The SWF that scripts/bridge.mjs builds from Bridge.hx, in Base64: ${bytes.length} bytes.\nexport const BRIDGE_SWF =\n  '${bytes.toString('base64')}'\n`
if (!process.argv.includes('--check')) writeFileSync(MODULE, module)
else if (!existsSync(MODULE) || readFileSync(MODULE, 'utf8') !== module) {
  console.error(`${MODULE} is not what Bridge.hx builds to: run \`npm run build:bridge\``)
  process.exit(1)
}
