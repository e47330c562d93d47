"""A simulator out of its settings."""

from functools import partial

from deploy.simulators.accounting import Accounting
from deploy.simulators.behaviour import Behaviour
from deploy.simulators.billing import Billing
from deploy.simulators.desk import Desk
from deploy.simulators.journal import Journal
from deploy.simulators.process import Simulator
from deploy.simulators.provisioning import Provisioning
from deploy.simulators.settings import FleetSettings, SimulatorSettings, System
from deploy.simulators.system import ProductionSystem
from libs.clock import clock_from
from libs.security.keys import Keys
from libs.security.sealing import unseal


def production_system(system: System, fleet: FleetSettings) -> ProductionSystem:
    """The system with what it needs. Raises FileNotFoundError where provisioning has no keys."""
    match system:
        case "accounting":
            return Accounting()
        case "billing":
            return Billing()
        case "provisioning":
            return Provisioning(partial(unseal, keys=Keys.load(fleet.keys_dir).sealing))


def simulator(system: System, fleet: FleetSettings, settings: SimulatorSettings) -> Simulator:
    """A system ready to run, its journal open. Raises WrongJournal, FileNotFoundError."""
    production = production_system(system, fleet)
    journal = Journal(settings.journal, system, production.tables)
    desk = Desk(system, journal, production, Behaviour(system, settings))
    return Simulator(desk, clock_from(fleet.clock_file), fleet, settings)
