import { describe, expect, test } from '@jest/globals'
import { find, isAtLeast, missingLine, requireTools, TOOLS } from '../../stack/tools.ts'

describe('isAtLeast', () => {
  test.each([
    ['20.19.0', '20.19.0', true],
    ['20.19.1', '20.19.0', true],
    ['20.18.9', '20.19.0', false],
    ['22.0.0', '20.19.0', true],
    ['9.99.99', '20.19.0', false],
    ['1.26', '1.26', true],
    ['1.26.1', '1.26', true],
    ['1.9', '1.26', false],
    ['1.100', '1.26', true],
    ['17', '17.0.0', true],
    ['17', '17.0.1', false],
    ['3.10.0', '3.6.0', true],
  ])('%s is at least %s: %p', (version, minimum, expected) => {
    expect(isAtLeast(version, minimum)).toBe(expected)
  })
})

describe('versions are found in what the tools really print', () => {
  test.each([
    ['node', 'v20.19.4\n', '20.19.4'],
    ['java', 'openjdk version "17.0.13" 2024-10-15\nOpenJDK Runtime Environment', '17.0.13'],
    ['java', 'openjdk version "21" 2023-09-19', '21'],
    ['java', 'java version "1.8.0_401"', '1.8.0'],
    ['mvn', 'Apache Maven 3.9.9 (8e8579a9e76f)\nMaven home: /usr/share/maven', '3.9.9'],
    ['go', 'go version go1.26.2 linux/amd64', '1.26.2'],
    ['go', 'go version go1.27 darwin/arm64', '1.27'],
  ] as const)('%s: %j', (name, output, version) => {
    expect(TOOLS[name].version.exec(output)?.[1]).toBe(version)
  })

  test('of this Node.js', async () => {
    expect(await find('node')).toEqual({ name: 'node', version: process.versions.node, ok: true })
    await expect(requireTools(['node'])).resolves.toBeUndefined()
  })
})

describe('missingLine', () => {
  test('says what is missing, what for, and how to get it', () => {
    expect(missingLine({ name: 'mvn', version: undefined, ok: false })).toBe(
      '  Maven ≥ 3.6.0 (fetching Kafka, once): not found. Get it: apt install maven · brew install maven · https://maven.apache.org',
    )
  })

  test('says which version is too old', () => {
    expect(missingLine({ name: 'java', version: '11.0.2', ok: false })).toContain(
      'Java ≥ 17 (running Kafka): version 11.0.2 is too old.',
    )
  })
})

test('a tool that is not there is named, and only that one', async () => {
  const javaHome = process.env.JAVA_HOME
  process.env.JAVA_HOME = '/nowhere'
  try {
    expect(await find('java')).toEqual({ name: 'java', version: undefined, ok: false })
    const missing = missingLine({ name: 'java', version: undefined, ok: false })
    await expect(requireTools(['node', 'java'])).rejects.toMatchObject({
      ...{ code: 'TOOL_MISSING', exitCode: 2 },
      message: `Something that Vigie needs is missing:\n${missing}`,
    })
  } finally {
    if (javaHome === undefined) delete process.env.JAVA_HOME
    else process.env.JAVA_HOME = javaHome
  }
})
