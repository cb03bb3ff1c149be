import type { TestProject } from 'vitest/node'
import { startControlServer } from './control-server.ts'

export default async function setup(project: TestProject) {
  const control = await startControlServer()
  project.provide('control', control.url)
  return control.close
}
