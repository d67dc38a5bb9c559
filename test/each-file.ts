import { beforeAll } from 'vitest'
import { startFile } from './kit.ts'

beforeAll(startFile)
