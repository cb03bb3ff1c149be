import type { BrowserProviderOption } from 'vitest/node'

/** A browser that runs while no other does: two engines at once would leave neither the time that it is held to. */
export const oneAtATime = (provider: BrowserProviderOption): BrowserProviderOption => ({
  ...provider,
  providerFactory: (project) => Object.assign(provider.providerFactory(project), { supportsParallelism: false }),
})
