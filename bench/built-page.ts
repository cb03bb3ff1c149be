import { bundle } from '../test/e2e/bundle.ts'

/** The files of the measuring page, built as they would be shipped. */
export const builtPage = async (): Promise<[path: string, text: string][]> =>
  [...(await bundle(new URL('page/', import.meta.url)))].map(([path, text]) => [path, String(text)])
