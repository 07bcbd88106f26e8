import { dirname, join, normalize } from 'node:path/posix'

/** Code is no prose: what looks like a link or a heading in it is none. */
const withoutCode = (markdown: string): string =>
  markdown.replace(/^```[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, (code) => code.replaceAll(/[[\]]/g, ' '))

/** The headings of a document as GitHub names them in links: `## What to do` is `what-to-do`. */
export const anchorsOf = (markdown: string): string[] =>
  [...withoutCode(markdown).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  )

/** Where a document's links lead, but for those out of the project. */
export const linksOf = (markdown: string): string[] =>
  [...withoutCode(markdown).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))

/**
 * The links of a document that lead nowhere. `read` gives the text of a file of the project, or
 * undefined when there is none. Pure but for `read`.
 */
export function brokenLinks(path: string, read: (path: string) => string | undefined): string[] {
  return linksOf(read(path) ?? '').filter((link) => {
    const [file = '', anchor] = link.split('#')
    const target = read(file === '' ? path : normalize(join(dirname(path), file)))
    return target === undefined || (anchor !== undefined && !anchorsOf(target).includes(anchor))
  })
}
