import { Link, useNavigate } from '@tanstack/react-router';
import { Ellipsis, GripVertical } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { GridListItem } from 'react-aria-components';
import { interactionStatusText } from '../customer/interaction-text.ts';
import { Priority } from '../customer/priority.tsx';
import { useCustomerName } from '../customers/names.ts';
import { Button } from '../ui/button.tsx';
import { Menu, MenuItem } from '../ui/menu.tsx';
import { Time } from '../ui/time.tsx';
import { visible } from '../ui/visible.tsx';
import styles from './board.module.css';
import { CardProblem } from './card-problem.tsx';
import { statuses, type Complaint, type Status } from './queries.ts';
import type { Problem } from './use-moves.ts';

export type CardProps = {
  complaint: Complaint;
  isMoving: boolean;
  problem: Problem | undefined;
  /** Moves it to another column; absent for those who may not. */
  onMove?: (to: Status) => void;
  onDismiss: () => void;
};

/** A complaint: whose it is, what it says, how urgent and how old it is. Enter opens the customer. */
export function Card({ complaint, isMoving, problem, onMove, onDismiss }: CardProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { id, customer_id, notes, priority, category, occurred_at, status } = complaint;
  const known = useCustomerName(customer_id);
  const name = known ?? t(known === null ? 'lists.unknown' : 'customer.title');
  const customer = {
    to: '/customers/$customerId',
    params: { customerId: customer_id },
    search: { tab: 'interactions' },
  } as const;
  return (
    <GridListItem
      id={id}
      textValue={`${name}: ${notes.slice(0, 80)}`}
      className={styles.card ?? ''}
      data-card={id}
      data-moving={isMoving || undefined}
      onAction={() => void navigate(customer)}
    >
      <div className={styles.cardHead}>
        {onMove && (
          <Button slot="drag" look={['quiet', 'icon', 'small']}>
            <GripVertical size={14} strokeWidth={1.5} aria-hidden />
          </Button>
        )}
        <Link {...customer} className={styles.name} title={name} draggable={false}>
          <bdi>{visible(name)}</bdi>
        </Link>
        {onMove && (
          <Menu
            placement="bottom end"
            onAction={(to) => onMove(to as Status)}
            trigger={
              <Button look={['quiet', 'icon', 'small']} aria-label={t('complaints.move', { name })}>
                <Ellipsis size={14} strokeWidth={1.5} aria-hidden />
              </Button>
            }
          >
            {statuses
              .filter((each) => each !== status)
              .map((each) => (
                <MenuItem key={each} id={each}>
                  {t('complaints.moveTo', { state: interactionStatusText(each, t) })}
                </MenuItem>
              ))}
          </Menu>
        )}
      </div>
      <p className={styles.notes} dir="auto">
        {visible(notes)}
      </p>
      <div className={styles.facts}>
        {priority !== null && <Priority of={priority} />}
        {category !== null && <bdi className={styles.category}>{visible(category)}</bdi>}
        <Time at={occurred_at} />
      </div>
      {problem && (
        <CardProblem problem={problem} status={status} onAgain={() => onMove?.(problem.to)} onDismiss={onDismiss} />
      )}
    </GridListItem>
  );
}
