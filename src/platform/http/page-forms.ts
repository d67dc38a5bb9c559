/** What a page's forms need of the request that they are in. */
import type { FastifyRequest } from 'fastify'
import { findOwner } from '../caller.ts'
import type { FileStore } from '../files.ts'
import { newToken } from '../secrets.ts'
import { receiveForm, type ReceivedForm } from './forms.ts'
import type { ProblemResponder } from './problems.ts'
import type { PendingEffect } from './session-cookies.ts'

export interface PageForms {
  /** Who is signed in, as forms are marked; '' for nobody. Asked when the page's data is there. */
  formOwner(): Promise<string>
  /** Whom the form that was sent is marked for. */
  setFormOwner(owner: string): void
  /** Gives this browser the token that a sign-up from it will be recognized by, unless it has one. */
  startSignUp(): void
}

export const createPageForms = ({ caller }: FastifyRequest, effects: PendingEffect[]): PageForms => ({
  formOwner: () => findOwner(caller),
  setFormOwner: (owner) => {
    caller.formOwner = owner
  },
  startSignUp: () => {
    // Staff who look at a portal as somebody else get no cookie of a customer.
    if (caller.signUpToken === null && !caller.portalView)
      effects.push({ effect: { signUpToken: newToken().token }, accountId: null })
  },
})

/**
 * Forms of pages: the largest books a job, with five files and one for each question. A file that is too large is refused by
 * the operation it goes to, beside its field; the form as a whole is limited by pages.ts.
 */
const PAGE_FORM_LIMITS = { fileSize: Infinity, files: 100, fields: 2000, fieldBytes: 512 * 1024 }

/** With a full disk only files are lost: the form comes back with what was typed, and says so beside them. */
const UNSAVED_FILE = ['storageFull', 'storageUnavailable']

/** Reads a form with files; refusals are thrown with their texts. */
export function receivePageForm(
  request: FastifyRequest,
  files: FileStore,
  problems: ProblemResponder,
): Promise<ReceivedForm> {
  const codeOfUnsaved = (error: unknown): string => {
    const refusal = problems.toProblem(error, request)
    if (!UNSAVED_FILE.includes(refusal.code)) throw refusal
    return refusal.code
  }
  return receiveForm(request.raw, PAGE_FORM_LIMITS, files.receive, { codeOfUnsaved }).catch((error: unknown) => {
    throw problems.withTexts(problems.toProblem(error, request), request)
  })
}
