// forbidden: imports-of-runtime
export const late = async (): Promise<unknown> => import('../host/main.ts')
