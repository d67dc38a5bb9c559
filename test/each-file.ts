import { beforeAll } from 'vitest'
import { startFile } from './test-server.ts'

beforeAll(startFile)
