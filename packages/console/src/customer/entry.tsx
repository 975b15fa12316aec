import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Time } from '../ui/time.tsx';
import { visible } from '../ui/visible.tsx';
import styles from './page.module.css';

type EntryProps = {
  icon: LucideIcon;
  title: ReactNode;
  at: string | undefined;
  author?: string | undefined;
  text?: string | undefined;
  /** What can be done with it. */
  actions?: ReactNode;
  children?: ReactNode;
};

/** Something that happened: what, who, when, and its words. */
export function Entry({ icon: Icon, title, at, author, text, actions, children }: EntryProps) {
  const { t } = useTranslation();
  return (
    <li className={styles.item}>
      <Icon size={16} strokeWidth={1.5} aria-hidden />
      <div>
        <div className={styles.itemHead}>
          <strong>{title}</strong>
          {author !== undefined && <bdi>{visible(t('customer.by', { name: author }))}</bdi>}
          {children}
          {at !== undefined && <Time at={at} />}
        </div>
        {text !== undefined && (
          <p className={styles.text} dir="auto">
            {visible(text)}
          </p>
        )}
        {actions !== undefined && <div className={styles.entryActions}>{actions}</div>}
      </div>
    </li>
  );
}
