"""The `behavior` command: each sub-command parses, then calls one function."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from python_jobs import flags
from python_jobs.console import Steps, console, progress
from python_jobs.errors import UserError
from python_jobs.settings import Settings
from python_jobs.sql import FileFormat, Format

app = typer.Typer(
    help="Customer behaviour analytics: from raw transactions to personas.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_verbose = False


@app.callback()
def _options(
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Show the full trace of an error.")
    ] = False,
) -> None:
    global _verbose
    _verbose = verbose


@app.command()
def up() -> None:
    """Start the engine; return when it answers."""
    from python_jobs import engine

    settings = _local("up")
    with progress("starting the engine"):
        running, started = engine.up(settings)
    state = "up" if started else "already up"
    console.print(f"The engine is {state} (process {running.pid}).")
    print(settings.jdbc_url)


@app.command()
def down() -> None:
    """Stop the engine."""
    from python_jobs import engine

    with progress("stopping the engine"):
        stopped = engine.down(_local("down"))
    console.print(
        "The engine is down."
        if stopped is None
        else f"The engine (process {stopped.pid}) has stopped."
    )


@app.command()
def status() -> None:
    """Say whether the engine runs and answers: exit 0 if it does, 3 if it is down."""
    from python_jobs import engine

    settings = _local("status")
    running = engine.running(settings)
    if running is None:
        print("down")
        raise typer.Exit(3)
    if not engine.is_healthy(settings):
        raise UserError(
            f"the engine (process {running.pid}) does not answer: `behavior down`, "
            "then `behavior up`"
        )
    print(
        f"up: process {running.pid}, heap {running.heap_mb} MiB, {settings.jdbc_url}, "
        f"Spark Connect on port {running.connect_port}, state in {settings.home}"
    )


@app.command()
def generate(
    customers: flags.Customers = None,
    transactions: flags.Transactions = None,
    days: flags.Days = None,
    append_days: flags.AppendDays = None,
    seed: flags.Seed = None,
    start_date: flags.StartDate = None,
    personas: flags.Personas = None,
    return_rate: flags.ReturnRate = None,
    late_rate: flags.LateRate = None,
    corrected_rate: flags.CorrectedRate = None,
    duplicate_rate: flags.DuplicateRate = None,
    orphan_rate: flags.OrphanRate = None,
    bad_rate: flags.BadRate = None,
    season: flags.Season = True,
    weekday_profile: flags.WeekdayProfile = True,
    trouble: flags.Trouble = True,
) -> None:
    """Make up customers and transactions, as one more delivery of raw data."""
    from python_jobs import generate, session

    options = generate.Options(
        **_given(
            customers=customers,
            transactions=transactions,
            days=days,
            append_days=append_days,
            seed=seed,
            start_date=start_date and start_date.date(),
            personas=personas,
            return_rate=return_rate,
            late_rate=late_rate,
            corrected_rate=corrected_rate,
            duplicate_rate=duplicate_rate,
            orphan_rate=orphan_rate,
            bad_rate=bad_rate,
            season=season,
            weekday_profile=weekday_profile,
            trouble=trouble,
        )
    )
    settings = _ready()
    with Steps().step("generate"), session.connect(settings) as spark:
        batches = generate.generate(spark, settings, options)
    for batch in batches:
        print(f"batch {batch.batch_id}: {batch.rows_raw:,} {batch.kind}")


@app.command()
def load(
    path: Annotated[
        str | None, typer.Argument(help="A file, a folder or a glob.")
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(help="What the columns mean; examples/cdnow.yml shows how."),
    ] = None,
    example: Annotated[
        str | None, typer.Option(help="Load a shipped data set instead: cdnow.")
    ] = None,
) -> None:
    """Load CSV or Parquet files into the raw tables."""
    from python_jobs import load, session
    from python_jobs.loader.mapping import read

    if example is None:
        if path is None or mapping is None:
            raise typer.BadParameter("give PATH and --mapping FILE, or --example NAME")
        source = (path, read(mapping))
    elif path is None and mapping is None:
        source = load.example(example)
    else:
        raise typer.BadParameter("--example takes neither PATH nor --mapping")
    settings = _ready()
    with Steps().step("load"), session.connect(settings) as spark:
        loaded = load.load(spark, settings, *source)
    print("\n".join(loaded.lines))


@app.command()
def train(
    choose_k: Annotated[
        bool,
        typer.Option("--choose-k", help="Choose k anew, not the last training's."),
    ] = False,
    sample_size: Annotated[
        int | None,
        typer.Option(
            help="Customers that k is chosen on.", show_default="10000", min=100
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="The first seed.", show_default="42")
    ] = None,
) -> None:
    """Find the personas of the customers and publish them."""
    from python_jobs import session, train

    settings = _ready()
    options = train.Options(
        choose_k=choose_k, **_given(sample_size=sample_size, seed=seed)
    )
    with Steps().step("train"), session.connect(settings) as spark:
        trained = train.train(spark, settings, options)
    for warning in trained.warnings:
        console.print(f"warning: {warning}", markup=False)
    for persona in trained.personas:
        print(f"{persona.id}  {persona.name}: {persona.size:,} ({persona.reason})")


@app.command()
def value(
    min_repeaters: Annotated[
        int | None,
        typer.Option(help="Repeat buyers that a fit needs.", show_default="100", min=2),
    ] = None,
    draws: Annotated[
        int | None,
        typer.Option(help="Bootstrap samples for intervals.", show_default="50", min=2),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="The seed of the bootstrap.", show_default="42")
    ] = None,
) -> None:
    """Fit what customers will buy, and for how much, and publish it."""
    from python_jobs import session, value

    settings = _ready()
    options = value.Options(
        **_given(min_repeaters=min_repeaters, draws=draws, seed=seed)
    )
    with Steps().step("fit customer value"), session.connect(settings) as spark:
        fitted = value.fit(spark, settings, options)
    print("\n".join(fitted.lines))


@app.command()
def run(
    example: Annotated[
        str | None, typer.Option(help="Load a shipped data set instead: cdnow.")
    ] = None,
    customers: flags.Customers = None,
    transactions: flags.Transactions = None,
    days: flags.Days = None,
    seed: flags.Seed = None,
) -> None:
    """Go the whole way, from nothing to personas, and say what came of it."""
    from python_jobs import generate, run

    options = generate.Options(
        **_given(customers=customers, transactions=transactions, days=days, seed=seed)
    )
    run.run(Settings.from_env(), options, example)


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)
def build(context: typer.Context) -> None:
    """Run `dbt build` with the project's profile; all arguments go to dbt."""
    from python_jobs import dbt

    settings = _ready()
    raise typer.Exit(dbt.run(settings, ["build"], context.args))


@app.command()
def docs() -> None:
    """Write the documentation of the models, and where each column comes from."""
    from python_jobs import docs

    settings = _ready()
    with progress("writing the docs") as bar:
        pages = docs.write(settings, bar)
    print(*pages, sep="\n")


@app.command()
def report() -> None:
    """Write the insights report: one page, made from the marts."""
    from python_jobs import report

    settings = _ready()
    with progress("writing the report") as bar:
        print(report.write(settings, bar))


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="The port.", min=0, max=65535)] = 8080,
) -> None:
    """Show the site (report, docs, lineage) on this machine, until Ctrl-C."""
    from python_jobs import serve

    serve.run(serve.listen(Settings.from_env(), port))


@app.command()
def sql(
    statement: Annotated[
        str | None, typer.Argument(help="One SQL statement; none: a shell.")
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="How rows are written to stdout.")
    ] = Format.TABLE,
) -> None:
    """Ask the engine in SQL."""
    from python_jobs import sql

    settings = _ready()
    if statement is None:
        sql.shell(settings)
    else:
        sql.run(settings, statement, form)


@app.command()
def export(
    model: Annotated[str, typer.Argument(help="A model's name, or schema.table.")],
    form: Annotated[
        FileFormat | None,
        typer.Option("--format", help="What to write.", show_default="csv"),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="The file.", show_default="./MODEL.csv")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a file that is there.")
    ] = False,
) -> None:
    """Write a table to a file: CSV for spreadsheets, Parquet for programs."""
    from python_jobs import export

    settings = _ready()
    with progress("writing the file"):
        rows, path = export.export(settings, model, form, output, force)
    console.print(f"Rows: {rows:,}")
    print(path)


def main() -> None:
    """Run the command; an error is one line on stderr."""
    try:
        app()
    except UserError as error:
        _fail(str(error), error)
    except Exception as error:
        first_line = (str(error).splitlines() or [""])[0]
        _fail(
            f"{type(error).__name__}: {first_line} (run again with --verbose for the "
            "trace)",
            error,
        )


def _given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _fail(message: str, error: Exception) -> None:
    if _verbose:
        raise error
    print(f"error: {message}", file=sys.stderr)
    sys.exit(1)


def _local(command: str) -> Settings:
    settings = Settings.from_env()
    if not settings.is_local:
        raise UserError(
            f"`behavior {command}` is for the local engine: unset BEHAVIOR_TARGET"
        )
    return settings


def _ready() -> Settings:
    """The settings, once the engine they name is up."""
    from python_jobs import engine

    settings = Settings.from_env()
    with progress("starting the engine"):
        engine.require(settings)
    return settings
