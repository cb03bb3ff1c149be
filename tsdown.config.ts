import { defineConfig } from 'tsdown'

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    observables: 'src/observables/index.ts',
    testing: 'src/testing/index.ts',
    hub: 'src/hub/index.ts',
    vite: 'src/vite/index.ts',
    bin: 'src/hub/bin.ts',
  },
  platform: 'neutral',
  target: 'es2022',
  dts: true,
  fixedExtension: true,
  external: [/^node:/, 'vite'],
})
