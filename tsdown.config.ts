import { defineConfig } from 'tsdown'

export default defineConfig({
  entry: [
    'src/{index,observables/index,observables/kit,observables/techniques/flash-socket/flash-socket,testing/index,hub/index,hub/bin,vite/index}.ts',
  ],
  // A file stays a file, so that a bundler drops each that is not used.
  unbundle: true,
  platform: 'neutral',
  target: 'es2022',
  dts: true,
  fixedExtension: true,
  external: [/^node:/, 'vite'],
})
