import { inject } from 'vitest'
import { posted } from './posted.ts'

posted(inject('engine'))
