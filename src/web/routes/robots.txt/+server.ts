import { publicPages, robotsText } from '../../robots.ts'
import type { RequestHandler } from './$types'

/** Of the main host: portals have pages there, and each page of theirs says whether it may be shown. */
export const GET: RequestHandler = () => robotsText(publicPages('/p/*'))
