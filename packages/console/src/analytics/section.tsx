import { Download, Table2 } from 'lucide-react';
import { useId, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { saveFile, toCsv } from '../customers/csv.ts';
import { Button } from '../ui/button.tsx';
import { classes } from '../ui/classes.ts';
import styles from './page.module.css';

/** A cell as people read it, and as a file has it. */
export type Cell = { shown: ReactNode; raw: string };
export type Figures = { columns: readonly string[]; rows: readonly (readonly Cell[])[] };

type SectionProps = {
  name: string;
  title: string;
  figures?: Figures | undefined;
  /** Whether the table may be folded away; without a way to open it, it always stands there. */
  table?: { isOpen: boolean; onToggle: () => void };
  isStale?: boolean;
  children: ReactNode;
};

/** A chart with its title, its table below, and the table as a file. */
export function Section({ name, title, figures, table, isStale, children }: SectionProps) {
  const { t } = useTranslation();
  const [heading, body] = [useId(), useId()];
  const save = ({ columns, rows }: Figures) => {
    const text = toCsv([columns, ...rows.map((row) => row.map(({ raw }) => raw))]);
    saveFile(`analytics-${name}.csv`, new Blob(['\uFEFF', text], { type: 'text/csv;charset=utf-8' }));
  };
  return (
    <section className={styles.section} aria-labelledby={heading} aria-busy={isStale} data-stale={isStale || undefined}>
      <div className={styles.head}>
        <h2 id={heading}>{title}</h2>
        {figures && table && (
          <Button
            look={['quiet', 'small']}
            aria-label={t('analytics.tableOf', { title })}
            aria-expanded={table.isOpen}
            aria-controls={body}
            onPress={table.onToggle}
          >
            <Table2 size={16} strokeWidth={1.5} aria-hidden />
            {t('analytics.table')}
          </Button>
        )}
        {figures && (
          <Button look={['quiet', 'small']} aria-label={t('analytics.csvOf', { title })} onPress={() => save(figures)}>
            <Download size={16} strokeWidth={1.5} aria-hidden />
            CSV
          </Button>
        )}
      </div>
      {children}
      {figures && (
        <div id={body} className={classes(table ? !table.isOpen && styles.folded : styles.named)}>
          <FiguresTable title={title} figures={figures} />
        </div>
      )}
    </section>
  );
}

/** The first column names a row, all others are figures. */
const FiguresTable = ({ title, figures: { columns, rows } }: { title: string; figures: Figures }) => (
  <table className={styles.table} aria-label={title}>
    <thead>
      <tr>
        {columns.map((column) => (
          <th key={column} scope="col">
            {column}
          </th>
        ))}
      </tr>
    </thead>
    <tbody>
      {rows.map(([head, ...values]) => (
        <tr key={head?.raw}>
          <th scope="row">{head?.shown}</th>
          {values.map(({ shown }, index) => (
            <td key={columns[index + 1]}>{shown}</td>
          ))}
        </tr>
      ))}
    </tbody>
  </table>
);
