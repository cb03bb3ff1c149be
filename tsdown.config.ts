import { defineConfig } from 'tsdown'

/**
 * Writes `DEV` out in each module, as Vue's builds do with `__DEV__`.
 *
 * A bundler chooses what it bundles before it folds an imported constant: functions that only warn would stay.
 */
const inlineDev = {
  name: 'inline-dev',
  transform: {
    filter: { code: /\bDEV\b/, id: /[\\/]src[\\/](?!.*[\\/](?:dev|kit)\.ts$)/ },
    handler: (code: string) => code.replaceAll(/\bDEV\b(?= (?:&&|\?)|\))/g, `process.env.NODE_ENV !== 'production'`),
  },
}

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
  plugins: [inlineDev],
})
