import { ChevronLeft, ChevronRight } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button } from './button.tsx';
import { formatNumber } from './format.ts';
import styles from './bar.module.css';

type PagerProps = { page: number; pages: number; onPage: (page: number) => void };

/** Which page of a list it is, and the ways to its neighbours; nothing for a list of one page. */
export function Pager({ page, pages, onPage }: PagerProps) {
  const { t } = useTranslation();
  if (pages <= 1) return null;
  return (
    <nav className={styles.pager} aria-label={t('lists.pages')}>
      <Button
        look={['icon', 'small']}
        aria-label={t('lists.previous')}
        isDisabled={page <= 1}
        onPress={() => onPage(page - 1)}
      >
        <ChevronLeft size={16} strokeWidth={1.5} />
      </Button>
      <span>{t('lists.pageOf', { page: formatNumber(page), pages: formatNumber(pages) })}</span>
      <Button
        look={['icon', 'small']}
        aria-label={t('lists.next')}
        isDisabled={page >= pages}
        onPress={() => onPage(page + 1)}
      >
        <ChevronRight size={16} strokeWidth={1.5} />
      </Button>
    </nav>
  );
}
