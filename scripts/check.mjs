// Everything that can be said of the code without running it, and of the package as it is shipped.
import { spawnSync } from 'node:child_process'

const checks = [
  ['types', 'vue-tsc --noEmit'],
  ['lint', 'oxlint --deny-warnings'],
  ['format', 'oxfmt --check'],
  ['imports', 'depcruise src playground test --config .dependency-cruiser.cjs'],
  ['unused', 'knip'],
  ['build', 'tsdown --logLevel warn'],
  ['package', 'publint --strict'],
  ['types as shipped', 'attw --pack . --profile esm-only'],
  ['size', 'size-limit'],
]

const failed = []
for (const [name, command] of checks) {
  console.log(`\n# ${name}: ${command}`)
  const began = Date.now()
  const { status } = spawnSync(`npx --no-install ${command}`, { shell: true, stdio: 'inherit' })
  console.log(`# ${name}: ${status === 0 ? 'ok' : 'FAILED'} in ${((Date.now() - began) / 1000).toFixed(1)} s`)
  if (status !== 0) failed.push(name)
}
if (failed.length > 0) {
  console.error(`\nFailed: ${failed.join(', ')}`)
  process.exit(1)
}
