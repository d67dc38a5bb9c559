/** The sign-ins of the demo, as its first page and its sign-in pages show them. Only the demo has them. */

export interface DemoSignIn {
  name: string
  /** What this person is: "owner of Harbour". */
  description: string
  email: string
}

export interface DemoGuide {
  /** Of everybody in the demo. */
  password: string
  /** Start page of the installation, which a portal's own host does not have. */
  home: string
  staff: readonly DemoSignIn[]
  portals: readonly { slug: string; name: string; isPublic: boolean; users: readonly DemoSignIn[] }[]
}
