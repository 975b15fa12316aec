import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { GridList, useDragAndDrop } from 'react-aria-components';
import { interactionStatusText } from '../customer/interaction-text.ts';
import { Button } from '../ui/button.tsx';
import { Failure } from '../ui/failure.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import styles from './board.module.css';
import { Card } from './card.tsx';
import type { Complaint, Status } from './queries.ts';
import type { useMoves } from './use-moves.ts';

const dragType = 'clientela-complaint';

type ColumnProps = {
  status: Status;
  complaints: readonly Complaint[];
  /** Whether it is being read for the first time. */
  isPending: boolean;
  list: {
    error: unknown;
    hasNextPage: boolean;
    isFetchingNextPage: boolean;
    fetchNextPage: () => unknown;
    refetch: () => unknown;
  };
  moves: ReturnType<typeof useMoves>;
  mayMove: boolean;
  /** Called with the id of a card that was dropped here. */
  onDrop: (id: string) => void;
};

/** The complaints of one status. Cards are dragged here from the other columns, by mouse or keyboard. */
export function Column({ status, complaints, isPending, list, moves, mayMove, onDrop }: ColumnProps) {
  const { t } = useTranslation();
  const heading = useId();
  const { moving, problems, move, dismiss } = moves;
  const { dragAndDropHooks } = useDragAndDrop({
    getItems: (keys) => [...keys].map((key) => ({ [dragType]: String(key) })),
    getAllowedDropOperations: () => ['move'],
    acceptedDragTypes: [dragType],
    getDropOperation: () => 'move',
    onRootDrop: ({ items }) => {
      for (const item of items) if (item.kind === 'text') void item.getText(dragType).then(onDrop);
    },
  });
  const isUnread = list.error !== null && complaints.length === 0;
  return (
    <section className={styles.column} aria-labelledby={heading} data-status={status}>
      <h2 id={heading}>
        {interactionStatusText(status, t)}{' '}
        {!isPending && !isUnread && (
          <span className={styles.count}>
            {complaints.length}
            {list.hasNextPage && '+'}
          </span>
        )}
      </h2>
      {!isPending && list.error !== null && <Failure error={list.error} onRetry={() => void list.refetch()} />}
      {/* The lists are there from the beginning: keys go through them in the order in which they came. */}
      <GridList
        aria-labelledby={heading}
        className={styles.cards ?? ''}
        items={complaints}
        dependencies={[moving, problems, mayMove, t]}
        keyboardNavigationBehavior="tab"
        {...(mayMove && { dragAndDropHooks })}
        renderEmptyState={() =>
          isPending ? (
            <Skeleton lines={4} height={64} />
          ) : (
            !isUnread && <p className={styles.empty}>{t('complaints.empty')}</p>
          )
        }
      >
        {(complaint) => (
          <Card
            complaint={complaint}
            isMoving={moving.has(complaint.id)}
            problem={problems.get(complaint.id)}
            onDismiss={() => dismiss(complaint)}
            {...(mayMove && { onMove: (to: Status) => move(complaint, to) })}
          />
        )}
      </GridList>
      {list.hasNextPage && (
        <Button look="quiet" isPending={list.isFetchingNextPage} onPress={() => void list.fetchNextPage()}>
          {t('lists.more')}
        </Button>
      )}
    </section>
  );
}
