/** Drives a generator to its end without a break and answers what it returns. */
export function run<T>(generator: Generator<void, T>): T {
  let step = generator.next()
  while (step.done !== true) step = generator.next()
  return step.value
}
