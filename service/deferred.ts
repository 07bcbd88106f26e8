/** A promise that is settled from outside. Node 20 lacks Promise.withResolvers. */
export type Deferred<Result> = {
  promise: Promise<Result>
  resolve: (result: Result) => void
  reject: (error: unknown) => void
}

export function deferred<Result = void>(): Deferred<Result> {
  let resolve: Deferred<Result>['resolve'] = () => undefined
  let reject: Deferred<Result>['reject'] = () => undefined
  const promise = new Promise<Result>((onResult, onError) => {
    resolve = onResult
    reject = onError
  })
  return { promise, resolve, reject }
}
