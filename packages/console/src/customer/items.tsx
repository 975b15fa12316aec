import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../ui/button.tsx';
import { Empty } from '../ui/empty.tsx';
import { Failure } from '../ui/failure.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import styles from './page.module.css';

type ItemsProps = {
  list: {
    isPending: boolean;
    error: unknown;
    hasNextPage: boolean;
    isFetchingNextPage: boolean;
    fetchNextPage: () => unknown;
    refetch: () => unknown;
  };
  isEmpty: boolean;
  empty: string;
  children: ReactNode;
};

/** A list that is read page by page, with its states. What was read stays when reading again, or on, fails. */
export function Items({ list, isEmpty, empty, children }: ItemsProps) {
  const { t } = useTranslation();
  const failure = list.error !== null && <Failure error={list.error} onRetry={() => void list.refetch()} />;
  if (list.isPending) return <Skeleton lines={5} />;
  if (isEmpty) return failure || <Empty>{empty}</Empty>;
  return (
    <>
      {failure}
      <ul className={styles.items}>{children}</ul>
      {list.hasNextPage && (
        <Button look="quiet" isPending={list.isFetchingNextPage} onPress={() => void list.fetchNextPage()}>
          {t('customer.more')}
        </Button>
      )}
    </>
  );
}
