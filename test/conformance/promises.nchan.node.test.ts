import { everyTechnique } from './promises.ts'
import { nodeRows } from './node-rows.ts'
import { SERVERS } from './servers.ts'

for (const row of nodeRows) everyTechnique(row, 'node', 'nchan')

for (const [name, why] of Object.entries(SERVERS.nchan.limits.absent ?? {}))
  console.log(`limit  nchan  ${name}  does not run: ${why}`)
