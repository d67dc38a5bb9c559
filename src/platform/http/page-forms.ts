/** What a page's forms need of the request that they are in. */
import type { FastifyRequest } from 'fastify'
import { findOwner } from '../caller.ts'
import { newToken } from '../secrets.ts'
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
    if (caller.signUpToken === null) effects.push({ effect: { signUpToken: newToken().token }, accountId: null })
  },
})
