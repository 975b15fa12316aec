export const transactionKinds = ['order', 'payment', 'refund'] as const;
