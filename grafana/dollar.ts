/**
 * Grafana reads `$name` as an environment variable in provisioning files and as a variable in queries;
 * which texts it looks at, and whether `$$` escapes one, differs between its versions. So no `$` is
 * written where it is meant literally: each of these writes it in another way.
 */

/** A `$` in a double-quoted string of LogQL. */
export const withoutDollar = (query: string): string => query.replaceAll('$', '\\u0024')

/** A `$` in a regular expression: RE2 reads `\x24`, and a backslash before it is no longer needed. */
export const patternWithoutDollar = (pattern: string): string => pattern.replace(/\\?\$/g, '\\x24')

/** A `$` in an annotation, which is a template of Go. */
export const textWithoutDollar = (text: string): string => text.replaceAll('$', '{{ "\\x24" }}')

/** A `$` where nothing but `$$` will do: titles and settings, which every version interpolates. */
export const interpolated = (text: string): string => text.replaceAll('$', '$$$$')
