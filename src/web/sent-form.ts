/**
 * The form of a request. It says for whom it was made, and it can be sent again after signing in, when the session of that
 * person had ended.
 */
import type { PageContext } from './context.ts'
import { isSecretField } from '../ui/forms.ts'

/** What a form had when its session was found to have ended; the page that says so has it in a form of its own. */
export interface UnsentForm {
  /** Where it goes to. */
  action: string
  /** For whom it was made. */
  owner: string
  /** In its order, without passwords and files. */
  fields: [name: string, value: string][]
  /** Files cannot be put into a form again: only reloading the page sends them. */
  hasFiles: boolean
}

type FormRequest = Pick<Request, 'method' | 'formData'>

const owners = new WeakMap<FormRequest, string>()

/** Reads whom a form was made for, and hides that from the page's action. */
export function noteFormOwner(request: FormRequest, context: PageContext): void {
  if (request.method !== 'POST') return
  const read = request.formData.bind(request)
  let form: Promise<FormData> | undefined
  const readForm = async () => {
    const data = await read()
    const owner = data.get('formOwner')
    data.delete('formOwner')
    if (typeof owner === 'string') {
      context.setFormOwner(owner)
      owners.set(request, owner)
    }
    return data
  }
  Object.defineProperty(request, 'formData', { value: () => (form ??= readForm()) })
}

/** The form of a request, to be sent again; null unless it was made for somebody who was signed in. */
export async function readUnsent(request: FormRequest, url: URL): Promise<UnsentForm | null> {
  if (request.method !== 'POST') return null
  const data = await request.formData().catch(() => null)
  const owner = owners.get(request)
  if (!data || !owner) return null
  const entries = [...data]
  return {
    action: url.pathname + url.search,
    owner,
    fields: entries.filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string' && !isSecretField(entry[0]),
    ),
    hasFiles: entries.some(([, value]) => value instanceof File && value.size > 0),
  }
}
