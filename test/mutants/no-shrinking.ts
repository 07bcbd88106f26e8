import fc from 'fast-check'

// Of a mutant, that a property fails is enough: the smallest example of it would take seconds.
fc.configureGlobal({ endOnFailure: true })
