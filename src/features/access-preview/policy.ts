/** Who previews a change: whoever runs the office. The change itself asks its own policy. */
export { mayRunOffice as mayPreviewAccess } from '../identity/policy.ts'
