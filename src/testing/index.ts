export { scriptedTechnique, type ScriptedConnection, type ScriptedTechnique, type ScriptedTechniqueOptions } from './scripted-technique.ts'
export { createTestingPush, type TestingPush } from './testing-push.ts'
export { virtualTime, type VirtualTime } from './virtual-time.ts'
